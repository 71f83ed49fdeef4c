import { ERROR_CODES, type ErrorCode } from '../../src/base/errors.ts'
import { STATUS } from '../../src/http/errors.ts'
import { code, page, table } from './markdown.ts'

export function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([name, meaning]) => [
    code(name),
    String(STATUS[name as ErrorCode]),
    meaning,
  ])
  rows.push([
    code('internal'),
    '500',
    'A fault of Weir itself; the log of the server has it under the id of the request.',
  ])
  return page(
    'Errors',
    'What can go wrong outside of our own code. Over HTTP the code is the member `error` of a problem document (RFC 9457), beside `detail`, which says what was wrong, where, and what to do; with `--json` a command prints `{"error":{"code":…,"message":…}}`. MLflow\'s routes answer in MLflow\'s form, Feast\'s in Feast\'s.',
    '`src/base/errors.ts`',
    [
      table(['code', 'HTTP status', 'meaning'], rows),
      '## Exit codes of commands',
      table(
        ['code', 'meaning'],
        [
          ['0', 'It is done.'],
          ['1', 'It failed; the message says why.'],
          ['2', 'The command was not used as it can be: an unknown command or option, a value that cannot be read.'],
          ['130, 143', 'It was ended by Ctrl-C or by a signal; what was begun is resumed by the next run.'],
        ],
      ),
    ],
  )
}
