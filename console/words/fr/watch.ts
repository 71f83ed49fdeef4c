import type { watch as english } from '../en/watch.ts'

export const watch: typeof english = {
  title: 'Surveiller',
  quiet: 'Tout va bien',
  quietWhat: 'Les alertes paraissent ici quand une règle du projet devient vraie.',
}
