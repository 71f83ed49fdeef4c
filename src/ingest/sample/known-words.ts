import type { Written } from '../../values/written.ts'
import { MISSING_WORDS } from '../text-checks.ts'

/** What files of people hold, as far as it is known here: `weir check --sample` tries it, and nothing else does. */

/** The plainest first: of those that read as many values the first is taken. */
export const SIGNS: Pick<Written, 'decimal' | 'thousands'>[] = [
  { decimal: '.', thousands: null },
  { decimal: ',', thousands: null },
  { decimal: ',', thousands: '.' },
  { decimal: '.', thousands: ',' },
  { decimal: '.', thousands: ' ' },
  { decimal: ',', thousands: ' ' },
  { decimal: '.', thousands: "'" },
  { decimal: ',', thousands: "'" },
]

const NUMBERED = [
  ...['dd.MM.yyyy', 'd.M.yyyy', 'dd/MM/yyyy', 'MM/dd/yyyy', 'd/M/yyyy', 'M/d/yyyy'],
  ...['dd-MM-yyyy', 'MM-dd-yyyy', 'd-M-yyyy', 'M-d-yyyy'],
  ...[
    'yyyy/MM/dd',
    'yyyy/M/d',
    'yyyy.MM.dd',
    'yyyy.M.d',
    'yyyyMMdd',
    'yyyy-MM-dd',
    'yyyy-M-d',
    'yyyy年M月d日',
    'dd. MM. yyyy',
    'd. M. yyyy',
  ],
]
const NAMED = [
  ...['dd-MMM-yyyy', 'dd MMM yyyy', 'd-MMM-yyyy', 'd MMM yyyy', 'dd/MMM/yyyy', 'MMM d, yyyy'],
  ...['MMMM d, yyyy', 'd MMMM yyyy'],
]
const TIMES = ['H:mm', 'H:mm:ss', 'hh:mm a', 'h:mm a', 'h:mm:ss a']

export const DATES = [
  ...[...NUMBERED, ...NAMED],
  ...TIMES.flatMap((time) => [...NUMBERED, ...NAMED].map((day) => `${day} ${time}`)),
]

export const PAIRS: [string, string][] = [
  ['true', 'false'],
  ['yes', 'no'],
  ['1', '0'],
  ['t', 'f'],
  ['y', 'n'],
  ['on', 'off'],
  ['ja', 'nein'],
  ['j', 'n'],
  ['oui', 'non'],
  ['o', 'n'],
  ['si', 'no'],
  ['sí', 'no'],
  ['sim', 'não'],
  ['ja', 'nee'],
  ['ja', 'nej'],
  ['tak', 'nie'],
  ['ano', 'ne'],
  ['да', 'нет'],
  ['evet', 'hayır'],
  ['はい', 'いいえ'],
  ['是', '否'],
  ['wahr', 'falsch'],
  ['vrai', 'faux'],
  ['vero', 'falso'],
  ['verdadero', 'falso'],
  ['verdadeiro', 'falso'],
  ['prawda', 'fałsz'],
  ['waar', 'onwaar'],
  ['истина', 'ложь'],
  ['active', 'inactive'],
  ['aktiv', 'inaktiv'],
  ['actif', 'inactif'],
]

/** In columns that are no text these are no values; in a text some of them may be. */
export const NO_VALUES = [
  ...MISSING_WORDS,
  ...['unknown', 'n.a.', 'n.d.', 'n/d', 's/d', 'k.a.', 'k. a.', 'keine angabe', 'n.v.', 'b.d.', '(leer)', '(vide)'],
  ...['---', '–', '—', '*', '…', '...', '#nv', '#wert!', '#bezug!', '#zahl!', '#valeur!', '#nom?', '#nombre?'],
]
/** MySQL writes a day that is none so. */
export const NO_DAYS = ['0000-00-00', '0000-00-00 00:00:00', '00.00.0000', '00/00/0000']

export const UNITS = [
  ...[
    '€',
    '$',
    '£',
    '¥',
    '₹',
    '₩',
    '₽',
    '₺',
    'zł',
    'kč',
    'kr',
    'kr.',
    'fr.',
    'ft',
    'lei',
    'r$',
    'us$',
    'rs.',
    'rs',
    '円',
    '元',
    '%',
  ],
  ...['eur', 'usd', 'gbp', 'chf', 'jpy', 'inr', 'cny', 'pln', 'czk', 'sek', 'nok', 'dkk', 'brl', 'cad', 'aud'],
]
