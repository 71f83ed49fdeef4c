import type { models as English } from '../en/models.ts'

export const models: typeof English = {
  title: 'Modèles',
}
