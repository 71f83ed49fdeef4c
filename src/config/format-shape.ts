/** How the files of a source are written, as a person says it; what is left out is as usual. docs/guide/file-formats.md has an example of each. */
import { z } from 'zod'
import { dateFormatFault } from '../values/date-format.ts'
import { isTimeZone } from '../values/time-zone.ts'

export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1252',
  'iso-8859-1',
  'iso-8859-15',
  'windows-1250',
  'macintosh',
] as const

const SKIP_LINES_MAX = 1000
const words = z.array(z.string()).min(1).readonly()

export const formatShape = z.strictObject({
  delimiter: z
    .string()
    .regex(/^[^A-Za-z0-9"\r\n\u0080-\uffff]$/, "write one character that separates fields, like ';', '|' or '\\t'")
    .default(','),
  quote: z.enum(['"', "'"]).nullable().default('"'),
  decimal: z.enum(['.', ',']).default('.'),
  thousands: z.enum(['.', ',', ' ', "'"]).nullable().default(null),
  encoding: z.preprocess((text) => (text === 'latin1' ? 'iso-8859-1' : text), z.enum(ENCODINGS)).default('utf-8'),
  dateFormat: z
    .string()
    .superRefine((text, context) => {
      const message = dateFormatFault(text)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .nullable()
    .default(null),
  timeZone: z.string().refine(isTimeZone, "write the zone's IANA name, like Europe/Paris").nullable().default(null),
  nulls: z.array(z.string()).readonly().default([]),
  booleans: z
    .strictObject({ true: words, false: words })
    .refine(
      (lists) => !lists.true.some((word) => lists.false.some((other) => other.toLowerCase() === word.toLowerCase())),
      'a word cannot be both true and false (capitals make no difference)',
    )
    .nullable()
    .default(null),
  header: z.boolean().default(true),
  skipLines: z.int().min(0).max(SKIP_LINES_MAX).default(0),
  trim: z.boolean().default(false),
  names: z.record(z.string(), z.string().min(1)).default({}),
  sheet: z.string().min(1).nullable().default(null),
})
