/** The value of a JSON text; undefined for text that is none, so that the schema after it refuses both alike. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
