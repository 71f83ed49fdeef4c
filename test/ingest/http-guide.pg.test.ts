import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { testWith } from '../helpers/needs.ts'
import { inPath } from '../helpers/programs.ts'
import { openDoor } from './http-rig.ts'
import { openRig, projectOf } from './rig.ts'

const GUIDE = readFileSync(new URL('../../docs/guide/deliveries-over-http.md', import.meta.url), 'utf8')

testWith(
  'the lines of docs/guide/deliveries-over-http.md run as they stand',
  inPath('curl') && inPath('bash') ? undefined : { what: 'curl or bash is not in PATH', ciMayLackIt: true },
  async () => {
    const rig = await openRig()
    const project = projectOf({
      users: { key: 'user_id', columns: { user_id: 'String', age: 'Int64' } },
      orders: { key: 'user_id', columns: { user_id: 'String', spend: 'Float64' } },
    })
    const door = await openDoor(rig, project)
    try {
      const users = 'user_id,age\na,1\n'
      const cwd = await rig.folder({
        'users.csv': users,
        'users (2).csv': users,
        'orders.csv': 'user_id,spend\na,1\n',
        'broken.csv': 'user_id,age\na,x\n',
      })
      const script = /```sh\n([\s\S]*?)```/.exec(GUIDE)![1]!.replaceAll(/^(curl .*)$/gm, '$1; echo')
      const { stdout } = await promisify(execFile)('bash', ['-e', '-c', script], {
        cwd,
        env: { ...process.env, WEIR: door.url },
      })
      const answers = stdout
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
      expect(answers.map((a) => a.state ?? a.error ?? Object.keys(a)[0])).toEqual([
        ...[
          'accepted',
          'accepted',
          'checked',
          'delivery_refused',
          'delivery_refused',
          'deliveries',
          'accepted',
          'snapshots',
        ],
      ])
      expect(answers[3].findings[0]).toMatchObject({ column: 'age', rows: [{ line: 2, key: 'a', value: 'x' }] })
      // The lines that keep nothing: this file is written as its source says, and is wrong.
      expect(answers[4].proposals).toMatchObject([{ block: null }])
      expect(answers[5].deliveries.map((d: { state: string }) => d.state)).toEqual(['refused'])
    } finally {
      await door.server.close()
      await rig.close()
    }
  },
)
