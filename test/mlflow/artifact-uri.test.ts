import { describe, expect, it } from 'vitest'
import { checkArtifactLocation, checkArtifactPath, proxyPathOf } from '../../src/mlflow/artifact-uri.ts'

const encodedOften = (text: string, rounds: number) => {
  let out = text
  for (let i = 0; i < rounds; i++) out = encodeURIComponent(out)
  return out
}

describe('an artifact path', () => {
  it.each([
    'a',
    'a/b.txt',
    '0/abc/artifacts/model/MLmodel',
    'größe/ü',
    'a..b',
    '..a',
    'x…',
    '100% sure.txt',
    '.hidden',
  ])('may be %j', (path) => {
    expect(checkArtifactPath(path)).toBe(path)
  })

  it('is what it means in the end, when it is encoded', () => {
    expect(checkArtifactPath('a%2520b/c')).toBe('a b/c')
  })

  it.each([
    '..',
    '../x',
    'a/../b',
    'a/..',
    '/etc/passwd',
    '//etc/passwd',
    'a//b',
    './a',
    'a/.',
    'C:/x',
    'c:x',
    '..\\x',
    '\\\\host\\share',
    'a#b',
    'a\0b',
    '',
    'a/',
    '%2e%2e/x',
    '..%2fx',
    'a%2f..%2f..%2fetc',
    '%252e%252e%252fx',
    encodedOften('../x', 9),
    encodedOften('../x', 40),
    '%2Fetc%2Fpasswd',
    '%5c..%5c',
    'a%23b',
    'a%00b',
    '%43%3A/x',
  ])('may not be %j', (path) => {
    expect(() => checkArtifactPath(path)).toThrow(/Invalid path/)
  })
})

describe('an artifact location', () => {
  it('is a folder of this server', () => {
    expect(checkArtifactLocation('mlflow-artifacts:/a/b')).toBe('mlflow-artifacts:/a/b')
    expect(checkArtifactLocation('mlflow-artifacts:/a/')).toBe('mlflow-artifacts:/a')
  })

  it.each([
    'http:///#/../../../etc/',
    'file:///etc',
    '/etc',
    's3://bucket/x',
    'dbfs:/../x',
    'runs:/abc/model',
    'mlflow-artifacts:/../x',
    'mlflow-artifacts:/%2e%2e/x',
    'mlflow-artifacts:/a/../../x',
    'mlflow-artifacts:/a#b',
    'mlflow-artifacts:/a?x=/../',
    'mlflow-artifacts:/a;b',
    'mlflow-artifacts:/',
    `mlflow-artifacts:/${'a'.repeat(600)}`,
  ])('may not be %j', (location) => {
    expect(() => checkArtifactLocation(location)).toThrow()
  })
})

it('the path of an artifact URI is found with and without a host, and never leads out', () => {
  expect(proxyPathOf('mlflow-artifacts:/0/r/artifacts')).toBe('0/r/artifacts')
  expect(proxyPathOf('mlflow-artifacts://localhost:5000/0/r/artifacts/')).toBe('0/r/artifacts')
  for (const uri of ['mlflow-artifacts:/../x', 'mlflow-artifacts://h/%2e%2e/x', 'file:///etc', 'models:/m/1', '']) {
    expect(() => proxyPathOf(uri), uri).toThrow()
  }
})
