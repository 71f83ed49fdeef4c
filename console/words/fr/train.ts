import type { train as English } from '../en/train.ts'

export const train: typeof English = {
  title: 'Lancer un entraînement',
}
