/** A trainer of the project's own, as a person writes it. */
import { z } from 'zod'
import { parseDurationMs } from './duration.ts'
import { said } from './said.ts'

const MODEL_MB_MAX = 1_000
const DAY_MS = 86_400_000

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'write the name of an environment variable')

/** What Weir says itself stays as it says it. */
const ownName = name.refine((text) => !/^(WEIR_|MLFLOW_)/.test(text), 'is a name that Weir gives itself')

const time = z
  .string()
  .refine((text) => parseDurationMs(text) !== undefined, 'write a duration like 45d, 12h or 30m')
  .refine((text) => {
    const ms = parseDurationMs(text)
    return ms === undefined || (ms >= 1000 && ms <= 7 * DAY_MS)
  }, 'give it 1s to 7d')

const text = z.string().refine((value) => !value.includes('\0'), 'has a NUL character')

export const trainer = z.strictObject({
  command: said(
    z
      .array(text)
      .min(1, 'name a program')
      .refine((parts) => parts[0] !== '', 'name a program'),
    'The program and its arguments, started in the folder of the project; no shell reads them.',
    ['python', 'train.py'],
  ),
  timeout: said(time.default('1h'), 'How long it may take; then it is ended with all that it started.', '30m'),
  env: said(z.record(ownName, text).default({}), 'Variables of its environment.', { OMP_NUM_THREADS: '2' }),
  passEnv: said(
    z.array(ownName).default([]),
    "Variables that it gets from Weir's own environment. Without being named here it gets PATH, HOME, the language, the time zone and the folder for temporary files alone.",
    ['CUDA_VISIBLE_DEVICES'],
  ),
  files: said(
    z.array(z.string().min(1)).default([]),
    'Files and folders of the project that the command is made of, beside those that its arguments name: a part of the code that is recorded.',
    ['training/'],
  ),
  maxModelMb: said(z.int().min(1).max(MODEL_MB_MAX).default(200), 'The largest ONNX model that is taken.', 50),
})
