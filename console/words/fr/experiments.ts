import type { experiments as English } from '../en/experiments.ts'

export const experiments: typeof English = {
  title: 'Expériences',
}
