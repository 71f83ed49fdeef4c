import type { predict as English } from '../en/predict.ts'

export const predict: typeof English = {
  title: 'Prédire',
}
