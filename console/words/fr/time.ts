import type { time as English } from '../en/time.ts'

export const time: typeof English = {
  title: 'Machine à remonter le temps',
}
