import type { flows as English } from '../en/flows.ts'

export const flows: typeof English = {
  title: 'Flux',
}
