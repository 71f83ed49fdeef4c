import type { timeline as English } from '../en/timeline.ts'

export const timeline: typeof English = {
  title: 'Au fil du temps',
  measure: 'Mesure',
  chart: (measure) => `${measure} et dérive par mois`,
  month: 'Mois',
  truth: (measure, who) => `${measure}, réalisé (${who})`,
  estimate: (measure, who) => `${measure}, estimation (${who})`,
  drift: 'part des colonnes qui ont dérivé',
  nothing: 'Rien n’a encore été mesuré',
  nothingWhat: 'weir monitor MODEL examine un mois ; les planifications peuvent le faire seules.',
  happened: 'Ce qui s’est passé',
  when: 'Quand',
  kind: 'Genre',
  what: 'Quoi',
  interval: 'Intervalle à 95 %',
  before: 'Connu d’abord',
  kinds: {
    truth: 'réalisé',
    estimate: 'estimation',
    drift: 'dérive',
    other: 'mesuré',
    version: 'version',
    decision: 'décision',
  },
  ofVersion: (version, arm) =>
    version === null ? '' : arm === null ? `version ${version}, interrogée après coup` : `version ${version}, ${arm}`,
  moved: (version, from, to) => `version ${version} : ${from ?? '–'} → ${to ?? '–'}`,
}
