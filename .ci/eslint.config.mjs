// Lint of all JavaScript: the scripts of the pages, joined as a page has them; the viewer's modules; inr.js.
import js from "@eslint/js";
import globals from "globals";

const rules = { eqeqeq: "error", "no-var": "error", "prefer-const": "error", "no-eval": "error" };

export default [
  js.configs.recommended,
  {
    files: ["*.js"],
    languageOptions: { sourceType: "script", globals: globals.browser },
    rules: { ...rules, "no-unused-vars": ["error", { vars: "local" }] }, // not every page uses all that its scripts define
  },
  { files: ["viewer/*.js"], languageOptions: { sourceType: "module", globals: { ...globals.browser, ...globals.worker } }, rules },
];
