/** The catalog for the length of one command. */
import { type Catalog, defaultCatalogDirectory, openCatalog } from '../engine/catalog/catalog.ts'

/** `directory` null: this user's own. */
export async function withCatalog<T>(
  directory: string | null,
  work: (catalog: Catalog) => Promise<T>,
): Promise<T> {
  const catalog = openCatalog(directory ?? defaultCatalogDirectory())
  try {
    return await work(catalog)
  } finally {
    catalog.close()
  }
}
