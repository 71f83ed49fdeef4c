/** A report as one HTML file: opens from disk, light or dark as its reader prefers, and asks nobody for anything. */

import { escaped } from '../../plots/svg.ts'
import { largeTwoSamplesSvg, smallTwoSamplesSvg, type TwoSamples } from '../../plots/two-samples.ts'
import type { ColumnDrift, DriftReport } from '../../wire/drift.ts'
import { TESTS } from '../drift/tests/tests.ts'
import { percent, short } from '../drift/words.ts'
import { STYLE } from './page-style.ts'

export function reportPage({ report, id, madeAt }: { report: DriftReport; id: string; madeAt: string }): string {
  const { reference, current } = report
  const title = `Drift: ${current.says}`
  const special = [report.prediction, report.label].filter((column) => column !== null)
  const model =
    report.model === null
      ? ''
      : row('model', `${report.model}${report.version === null ? '' : `, version ${report.version}`}`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p class="verdict ${report.drifted ? 'bad' : 'good'}">${escaped(report.says)}</p>
<dl>${row('reference', `${reference.says}, ${count(reference.rows)} rows`)}${row('current', `${current.says}, ${count(current.rows)} rows`)}${model}${row('thresholds', report.history === null ? 'fixed' : report.history.says)}${row('report', `${id}, ${madeAt}`)}</dl>
${report.warnings.map((warning) => `<p class="warning">${escaped(warning)}</p>`).join('\n')}
<p class="key"><span class="swatch reference-swatch"></span> reference <span class="swatch current-swatch"></span> current</p>
${table('Columns', report.columns)}
${special.length === 0 ? '' : table('Predictions and labels', special)}
${[...report.columns, ...special].map(section).join('\n')}
</main>
</body>
</html>
`
}

function table(caption: string, columns: readonly ColumnDrift[]): string {
  const head = ['column', 'values', 'test', 'value', 'threshold', 'nulls', 'worth', 'verdict']
  const rows = columns.map((column) => {
    const { test, value, threshold, nulls, effect, drifted } = column
    const cells = [
      `<th scope="row"><a href="#${anchor(column)}">${escaped(column.column)}</a></th>`,
      `<td>${plot(column, smallTwoSamplesSvg)}</td>`,
      cell(test === null ? '' : TESTS[test].says),
      cell(value === null ? '' : short(value), 'number'),
      cell(threshold === null ? '' : short(threshold), 'number'),
      cell(`${percent(nulls.reference)} → ${percent(nulls.current)}`, nulls.drifted ? 'number bad' : 'number'),
      cell(effect === null ? '' : percent(effect.share), 'number'),
      cell(drifted ? 'drifted' : 'as before', drifted ? 'bad' : 'good'),
    ]
    return `<tr>${cells.join('')}</tr>`
  })
  const heads = head.map((name) => `<th scope="col">${name}</th>`).join('')
  return `<div class="wide"><table><caption>${caption}</caption><thead><tr>${heads}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`
}

function section(column: ColumnDrift): string {
  const { summary, unseen } = column
  const heads = ['', 'rows', 'different values', 'mean', 'least', 'greatest'].map(
    (name) => `<th scope="col">${name}</th>`,
  )
  const rows = (['reference', 'current'] as const).map((side) => {
    const { rows: all, distinct, mean, min, max } = summary[side]
    const numbers = [
      count(all),
      count(distinct),
      ...[mean, min, max].map((value) => (value === null ? '' : short(value))),
    ]
    return `<tr><th scope="row">${side}</th>${numbers.map((text) => cell(text, 'number')).join('')}</tr>`
  })
  const never = unseen.map(({ value, rows: k }) => `<li>${escaped(value)}: ${count(k)}</li>`)
  return `<section id="${anchor(column)}"><h2>${escaped(column.column)}</h2><p>${escaped(column.says)}</p>${plot(column, largeTwoSamplesSvg)}
<div class="wide"><table><thead><tr>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>${never.length === 0 ? '' : `<p>Never seen before, with their rows:</p><ul>${never.join('')}</ul>`}</section>`
}

function plot(column: ColumnDrift, draw: (samples: TwoSamples) => string): string {
  const { histogram } = column
  if (histogram === null) return ''
  const about = `${column.column} in the reference and now: ${column.says}`
  return draw({ ...histogram, title: column.column, about })
}

function anchor({ column }: ColumnDrift): string {
  return `c-${Buffer.from(column).toString('hex')}`
}

function row(name: string, text: string): string {
  return `<dt>${name}</dt><dd>${escaped(text)}</dd>`
}

function cell(text: string, kind = ''): string {
  return `<td${kind === '' ? '' : ` class="${kind}"`}>${escaped(text)}</td>`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
