// (a placeholder until the shader is there)
/** None. */
export class Shader {
  static of() {
    return null;
  }
}
