import type { run as English } from '../en/run.ts'

export const run: typeof English = {
  title: 'Exécution',
}
