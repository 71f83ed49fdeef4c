import type { Broken, IndexedColumn } from './row-check.ts'

/** Words that programs write where a value is missing. */
export const MISSING_WORDS = [
  ...['na', 'n/a', '#n/a', '#na', '<na>', 'nan', '-nan', 'nat', 'null', '(null)', 'nil', 'none', 'missing', '\\n'],
  ...[
    '-',
    '--',
    '?',
    '.',
    '#value!',
    '#ref!',
    '#div/0!',
    '#name?',
    '#null!',
    '#num!',
    '(blank)',
    '(empty)',
    'undefined',
  ],
]

/** A text that says that there is none, though a null is an empty field. Where the allowed values are declared, they decide. */
export function missingWords({ index, type, checks }: IndexedColumn): Broken[] {
  if (type !== 'String' || checks.some((c) => c.rule === 'allowed')) return []
  const words = MISSING_WORDS.map((word) => `'${word}'`).join(', ')
  const says = 'with a text that looks like a missing value, and is kept as this text; an empty field is a null'
  return [{ broken: () => `lower(trim(t${index})) IN (${words})`, says }]
}

/** Blanks of every kind around a text, also those that nobody sees. */
export function keyMarks({ index, type }: IndexedColumn): Broken[] {
  if (type !== 'String') return []
  const blank = String.raw`[\s\x{00a0}\x{200b}\x{feff}]`
  const says = "with blanks around the key, which are kept: ' 17' and '17' are two keys"
  const marked =
    'with Excel\'s marks in the key, which are kept: ="00017" and \'00017 are other keys than 00017; write the text alone'
  return [
    { broken: () => `regexp_matches(t${index}, '^${blank}|${blank}$')`, says },
    { broken: () => `regexp_matches(t${index}, '^(=".*"$|''[0-9])')`, says: marked },
  ]
}

const TOTALS = [
  '((grand|overall|sub)[ -]?)?(totals?|totale|totaux|sum|summe|gesamt|gesamtsumme|gesamtergebnis|ergebnis|somme|suma|soma|average|avg|mean|mittelwert|moyenne|eindtotaal|totaal)( (general|général|geral|complessivo))?[ :]*',
  '(итого|всего|общий итог|razem|suma końcowa|celkem|合计|总计|合計|総計|합계|총합계)[ ::]*',
  // psql's own last line.
  '[(][0-9]+ (rows?|records?)[)]',
].join('|')

/** A spreadsheet's last row is no row of the table. */
export function totalRow({ index, type }: IndexedColumn): Broken[] {
  if (type !== 'String') return []
  const says =
    "with a key that is a word for a total, as a spreadsheet's last row has; take the row out, or declare the check total_row with severity warn"
  return [{ broken: () => `regexp_full_match(lower(trim(t${index})), '${TOTALS}')`, says }]
}
