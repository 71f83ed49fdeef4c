import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readSettings } from '../../src/config/settings.ts'

const dir = mkdtempSync(join(tmpdir(), 'weir-secrets-'))
afterAll(() => rmSync(dir, { recursive: true }))
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}
const read = (flags: object, env: Record<string, string> = {}) => readSettings({ flags, env, projectDir: dir })

describe('secrets: a file for what the process list would show', () => {
  it('holds the token, or the address of the database', () => {
    file('token', 'from-file\n')
    file('url', 'postgresql://u:PW@db/weir\n')
    expect(read({ tokenFile: 'token' }).token).toBe('from-file')
    expect(read({}, { WEIR_TOKEN_FILE: join(dir, 'token') }).token).toBe('from-file')
    expect(read({}, { DATABASE_URL_FILE: join(dir, 'url') }).databaseUrl).toBe('postgresql://u:PW@db/weir')
  })

  it('flags win over the environment, and what is said itself over the file', () => {
    expect(read({ tokenFile: 'token' }, { WEIR_TOKEN: 'env' }).token).toBe('from-file')
    expect(read({ token: 'flag', tokenFile: 'token' }).token).toBe('flag')
    expect(read({}, { WEIR_TOKEN: 'env', WEIR_TOKEN_FILE: join(dir, 'token') }).token).toBe('env')
  })

  it('is refused when it is missing, empty or of more lines, without a word of it', () => {
    expect(() => read({ tokenFile: 'nowhere' })).toThrow(/--token-file \(WEIR_TOKEN_FILE\).*ENOENT/)
    expect(() => read({ tokenFile: file('empty', ' ') })).toThrow(/one line/)
    expect(() => read({ tokenFile: file('lines', 'a\nhidden') })).toThrow(/^(?!.*hidden).*one line/)
  })
})

describe('secrets: what no caller could send is refused at the start, without a word of it', () => {
  const bad = [
    'PW here',
    ' PWhere',
    'PWhere ',
    'PWhere\n',
    'PW\there',
    'PWhere\r',
    'PW\0here',
    'PW\u00a0here',
    'PWhére',
    ' ',
  ]
  it.each(bad)('the token %j', (token) => {
    expect(() => read({}, { WEIR_TOKEN: token })).toThrow(/^(?!.*PW)--token \(WEIR_TOKEN\) has a blank/)
    expect(() => read({ token })).toThrow(/^(?!.*PW)--token/)
    expect(() => read({}, { MLFLOW_TRACKING_TOKEN: token })).toThrow(/^(?!.*PW)--tracking-token .*has a blank/)
  })

  it('the token in a file, where blanks, a mark of UTF-8 and line ends around it are no part of it', () => {
    for (const text of ['tok~en\r\n', '\ufefftok~en\n\n', ' tok~en\t\n', 'tok~en'])
      expect(read({ tokenFile: file('around', text) }).token).toBe('tok~en')
    for (const text of ['PW here\n', 'PW\0here', 'PWhére'])
      expect(() => read({ tokenFile: file('inside', text) })).toThrow(/^(?!.*PW).*has a blank/)
  })

  it('a user name or password with a control character; blanks and letters of any language are usual there', () => {
    const login = (name: string, value: string) => read({}, { [name]: value }).trackingCredentials
    for (const name of ['MLFLOW_TRACKING_USERNAME', 'MLFLOW_TRACKING_PASSWORD'])
      expect(() => login(name, 'PW\n')).toThrow(/^(?!.*PW\n)--tracking-(username|password) .*control character/)
    expect(login('MLFLOW_TRACKING_PASSWORD', 'pässé wort').password).toBe('pässé wort')
  })
})

it.each([
  [{ host: ' 127.0.0.1' }, '--host (WEIR_HOST)'],
  [{ host: 'my host' }, '--host (WEIR_HOST)'],
  [{ host: '::1\n' }, '--host (WEIR_HOST)'],
  // Node would listen on every address.
  [{ host: '' }, '--host (WEIR_HOST)'],
  [{ online: 'redis://cache:6379 ' }, '--online (WEIR_ONLINE)'],
  [{ online: 'redis://ca che' }, '--online (WEIR_ONLINE)'],
])('an address with a blank in it or round it, or none, is refused at the start: %j', (flags, says) => {
  expect(() => read(flags)).toThrow(says)
})

it.each([
  [{ objects: 'http://u:PW@host/x' }, /WEIR_OBJECTS/],
  [{ online: 'redis://u:PW@' }, /WEIR_ONLINE|^ok$/],
  [{ online: 'http://u:PW@host' }, /WEIR_ONLINE/],
  [{ port: 'x://u:PW@host' }, /WEIR_PORT/],
])('secrets: a wrong %j is told without its password', (flags, says) => {
  let said = 'ok'
  try {
    read(flags)
  } catch (error) {
    said = (error as Error).message
  }
  expect(said).toMatch(says)
  expect(said).not.toContain('PW')
})

it('public names and the time of a stop', () => {
  const settings = read({}, { WEIR_PUBLIC_HOSTS: 'https://a.example, b.example,', WEIR_STOP_MS: '500' })
  expect([settings.publicHosts, settings.stopMs]).toEqual([['https://a.example', 'b.example'], 500])
  expect(() => read({ stopMs: '-1' })).toThrow(/WEIR_STOP_MS/)
})
