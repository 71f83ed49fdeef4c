import type { lineage as English } from '../en/lineage.ts'

export const lineage: typeof English = {
  title: 'Lignage',
}
