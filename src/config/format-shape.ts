/** How the files of a source are written, as a person says it; what is left out is as usual. docs/guide/file-formats.md has an example of each. */
import { z } from 'zod'
import { dateFormatFault, twoReadings } from '../values/date-format.ts'
import { isTimeZone } from '../values/time-zone.ts'
import { said } from './said.ts'

/** No gb18030 and no big5 of Hong Kong: where a chunk begins within one of their longer letters, iconv-lite loses one. */
export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1252',
  'iso-8859-1',
  'iso-8859-15',
  'windows-1250',
  'macintosh',
  ...(['windows-1251', 'windows-1253', 'windows-1254', 'windows-1257', 'iso-8859-2', 'koi8-r'] as const),
  ...(['cp850', 'cp852', 'cp866', 'shift_jis', 'euc-jp', 'euc-kr', 'gbk', 'cp950'] as const),
] as const

const SKIP_LINES_MAX = 1000
const words = z.array(z.string()).min(1).readonly()

export const formatShape = z.strictObject({
  delimiter: said(
    z
      .string()
      .regex(/^[^A-Za-z0-9"\r\n\u0080-\uffff]$/, "write one character that separates fields, like ';', '|' or '\\t'")
      .default(','),
    'What stands between two fields.',
    ';',
  ),
  quote: said(
    z.enum(['"', "'"]).nullable().default('"'),
    'What stands around a field that holds a delimiter; null for nothing.',
    null,
  ),
  decimal: said(z.enum(['.', ',']).default('.'), 'The decimal sign of numbers.', ','),
  thousands: said(
    z.enum(['.', ',', ' ', "'"]).nullable().default(null),
    'What stands between groups of three digits.',
    '.',
  ),
  encoding: said(
    z.preprocess((text) => (text === 'latin1' ? 'iso-8859-1' : text), z.enum(ENCODINGS)).default('utf-8'),
    'How its characters are written; latin1 is iso-8859-1.',
    'windows-1252',
  ),
  units: said(
    z
      .array(z.string().regex(/^[^-0-9.,'\s][^0-9\s]*$/, 'write what stands beside the number, like €'))
      .readonly()
      .default([]),
    'What stands before or behind a number and is no part of it; 12 % is read as 12.',
    ['€', 'EUR'],
  ),
  dateFormat: said(
    z
      .union([z.string(), z.array(z.string()).min(1).readonly()])
      .superRefine((given, context) => {
        const message =
          [given]
            .flat()
            .map(dateFormatFault)
            .find((fault) => fault !== undefined) ?? twoReadings([given].flat())
        if (message !== undefined) context.addIssue({ code: 'custom', message })
      })
      .nullable()
      .default(null),
    'How dates and times are written, or several such patterns; by default as ISO 8601.',
    'dd.MM.yyyy',
  ),
  timeZone: said(
    z.string().refine(isTimeZone, "write the zone's IANA name, like Europe/Paris").nullable().default(null),
    'The zone of its times, where that is another one than the zone of the source.',
    'Europe/Paris',
  ),
  nulls: said(z.array(z.string()).readonly().default([]), 'Words that stand for no value, beside an empty field.', [
    'n/a',
  ]),
  booleans: said(
    z
      .strictObject({
        true: said(words, 'The words for yes.', ['ja', 'j']),
        false: said(words, 'The words for no.', ['nein', 'n']),
      })
      .refine(
        (lists) => !lists.true.some((word) => lists.false.some((other) => other.toLowerCase() === word.toLowerCase())),
        'a word cannot be both true and false (capitals make no difference)',
      )
      .nullable()
      .default(null),
    'The words for yes and no.',
    { true: ['ja'], false: ['nein'] },
  ),
  header: said(z.boolean().default(true), 'Whether the first line names the columns.', false),
  skipLines: said(z.int().min(0).max(SKIP_LINES_MAX).default(0), 'Lines before that.', 2),
  trim: said(z.boolean().default(false), 'Takes blanks around a field away.', true),
  names: said(
    z.record(z.string(), z.string().min(1)).default({}),
    'Columns that the file calls otherwise: our name, then that of the file.',
    { user_id: 'Kunden-Nr.' },
  ),
  sheet: said(
    z.string().min(1).nullable().default(null),
    'The sheet of an Excel workbook; the first by default.',
    'Data',
  ),
})
