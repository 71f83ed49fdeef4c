/** The page of a model over time. */
export const timeline = {
  title: 'Over time',
  measure: 'Measure',
  chart: (measure: string) => `${measure} and drift by month`,
  month: 'Month',
  truth: (measure: string, who: string) => `${measure}, came true (${who})`,
  estimate: (measure: string, who: string) => `${measure}, estimate (${who})`,
  drift: 'share of columns that drifted',
  nothing: 'Nothing was measured yet',
  nothingWhat: 'weir monitor MODEL looks at a month; schedules can do it by themselves.',
  happened: 'What happened',
  when: 'When',
  kind: 'Kind',
  what: 'What',
  interval: '95 % interval',
  before: 'Known first',
  kinds: {
    truth: 'came true',
    estimate: 'estimate',
    drift: 'drift',
    other: 'measured',
    version: 'version',
    decision: 'decision',
  },
  ofVersion: (version: number | null, arm: string | null) =>
    version === null ? '' : arm === null ? `version ${version}, asked afterwards` : `version ${version}, ${arm}`,
  moved: (version: number, from: string | null, to: string | null) =>
    `version ${version}: ${from ?? '–'} → ${to ?? '–'}`,
}
