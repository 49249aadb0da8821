// Lint of the pages' scripts: plain scripts of a browser, joined as a page has them.
import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    languageOptions: { sourceType: "script", globals: globals.browser },
    rules: { "no-unused-vars": ["error", { vars: "local" }] }, // not every page uses all that its scripts define
  },
];
