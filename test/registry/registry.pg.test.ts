import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { REGISTRY_CHANNEL } from '../../src/registry/channel.ts'
import { ownFilesOf } from '../../src/registry/source.ts'
import { openRegistryRig } from './rig.ts'

let rig: Awaited<ReturnType<typeof openRegistryRig>>

beforeAll(async () => {
  rig = await openRegistryRig()
})
afterAll(() => rig.close())

const WRONG_TAGS = [
  ['', 'x'],
  ['k'.repeat(251), 'x'],
  ['long', 'x'.repeat(100_001)],
] as const

describe('versions', () => {
  test('are numbered without gap or duplicate when many are made at once', async () => {
    await rig.model('crowd', 0)
    const made = await Promise.all(
      Array.from({ length: 20 }, () => rig.registry.createVersion({ name: 'crowd', source: rig.source })),
    )
    expect(made.map((v) => v.version).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  test('a refused version takes no number', async () => {
    await rig.model('refused', 1)
    await expect(rig.registry.createVersion({ name: 'refused', source: 'file:///etc/passwd' })).rejects.toThrow(
      'To use a local path',
    )
    expect((await rig.registry.createVersion({ name: 'refused', source: rig.source })).version).toBe(2)
  })

  test('tags that are not allowed refuse the version, which takes no number, and the model', async () => {
    await rig.model('wrong-tags', 0)
    const make = (tags: Record<string, string>) =>
      rig.registry.createVersion({ name: 'wrong-tags', source: rig.source, tags })
    for (const [key, value] of WRONG_TAGS) {
      await expect(make({ [key]: value })).rejects.toMatchObject({ code: 'invalid_argument' })
      const model = rig.registry.createModel({ name: 'wrong-model', tags: { [key]: value } })
      await expect(model).rejects.toMatchObject({ code: 'invalid_argument' })
    }
    await expect(rig.registry.getModel('wrong-model')).rejects.toMatchObject({ code: 'not_found' })
    expect(await make({ good: 'x' })).toMatchObject({ version: 1, tags: { good: 'x' } })
  })

  test('the number of a deleted version never comes back', async () => {
    await rig.model('gone', 2)
    await rig.registry.deleteVersion('gone', 2, 'me')
    expect((await rig.registry.createVersion({ name: 'gone', source: rig.source })).version).toBe(3)
    await expect(rig.registry.getVersion('gone', 2)).rejects.toMatchObject({ code: 'not_found' })
    expect(await rig.registry.history('gone', 2)).toMatchObject([{ from: 'None', to: null, actor: 'me' }])
  })

  test('are found by their run', async () => {
    await rig.model('by-run', 2)
    expect((await rig.registry.findVersionByRun('by-run', rig.run.runId))?.version).toBe(2)
    expect(await rig.registry.findVersionByRun('by-run', '0'.repeat(32))).toBeUndefined()
  })

  test.each([
    ['/etc/passwd', 'To use a local path'],
    ['model', 'To use a local path'],
    ['C:\\models', 'To use a local path'],
    ['file:///etc', 'To use a local path'],
    ['FILE://host/etc', 'To use a local path'],
    ['mlflow-artifacts:/../../etc', 'without relative path references'],
    ['mlflow-artifacts:/0/%252e%252e%252f%252e%252e/x', 'without relative path references'],
    ['mlflow-artifacts:/0/a\\..\\b', 'without relative path references'],
    ['mlflow-artifacts:/0/a%00', 'without relative path references'],
    ['mlflow-artifacts:/0/a#b', 'Invalid path'],
    ['mlflow-artifacts:/', 'Invalid path'],
    ['runs:/1/../model', 'without relative path references'],
    ['runs:/RUN/a\\b', 'Invalid path'],
    ['runs:/RUN/a//b', 'Invalid path'],
    ['s3://bucket/a/../b', 'without relative path references'],
    [`models:/m-${'0'.repeat(32)}`, 'Unable to fetch model'],
    ['models:/sources/77', 'Unable to fetch model'],
    ['models:/sources@alias', 'Unable to fetch model'],
  ])(
    'a source that would be a file of this machine, climbs, or names what is not there is refused: %s',
    async (source, says) => {
      await rig.registry.ensureModel('sources')
      const version = { name: 'sources', source: source.replace('RUN', rig.run.runId), runId: rig.run.runId }
      await expect(rig.registry.createVersion(version)).rejects.toMatchObject({
        code: 'invalid_argument',
        message: expect.stringContaining(says),
      })
    },
  )

  test.each([
    's3://bucket/models/a',
    'gs://bucket/a',
    'http://169.254.169.254/latest',
    'dbfs:/models/a',
    'runs:/no-run-of-ours/model',
    `runs:/${'f'.repeat(32)}/model`,
  ])('a source elsewhere is kept as it was given, with its run: %s', async (source) => {
    await rig.registry.ensureModel('elsewhere')
    const made = await rig.registry.createVersion({ name: 'elsewhere', source, runId: 'run of another server' })
    expect(made).toMatchObject({ source, location: source, runId: 'run of another server' })
    expect(() => ownFilesOf(made)).toThrow(/which this server never opens/)
  })

  test.each([
    ['as it is', (run: string) => `mlflow-artifacts:/0/${run}/artifacts/model`],
    ['with more slashes', (run: string) => `mlflow-artifacts:///0//${run}/artifacts///model/`],
    ['with a host', (run: string) => `mlflow-artifacts://host:5000/0/${run}/artifacts/model`],
    ['by its run', (run: string) => `runs:/${run}/model/`],
  ])('a source among our artifacts is kept as it was given, and its files are found: %s', async (_how, sourceOf) => {
    await rig.registry.ensureModel('ours')
    const source = sourceOf(rig.run.runId)
    const made = await rig.registry.createVersion({ name: 'ours', source })
    expect(made.source).toBe(source)
    expect(ownFilesOf(made)).toBe(rig.source)
  })

  test('a logged model as a source is kept; its run is the version’s, and its tag names the version', async () => {
    const { loggedModels } = rig.tracking
    const logged = await loggedModels.create({ experimentId: '0', sourceRunId: rig.run.runId, params: [], tags: [] })
    await rig.registry.ensureModel('logged')
    const source = `models:/${logged.modelId}`
    const made = await rig.registry.createVersion({ name: 'logged', source, modelId: logged.modelId })
    expect(made).toMatchObject({ source, runId: rig.run.runId, location: logged.artifactUri })
    expect((await rig.registry.findVersionByRun('logged', rig.run.runId))?.version).toBe(1)
    await rig.registry.createVersion({ name: 'logged', source })
    const tags = (await loggedModels.get(logged.modelId)).tags
    const noted = tags.find(({ key }) => key === 'mlflow.modelVersions')?.value ?? ''
    expect(JSON.parse(noted)).toEqual([
      { name: 'logged', version: 1 },
      { name: 'logged', version: 2 },
    ])
    // A client may name its files instead, with the model beside them.
    const byFiles = { name: 'logged', source: `${logged.artifactUri}/`, modelId: logged.modelId }
    expect(await rig.registry.createVersion(byFiles)).toMatchObject({
      runId: rig.run.runId,
      location: logged.artifactUri,
    })
    const other = rig.registry.createVersion({ name: 'logged', source, modelId: `m-${'1'.repeat(32)}` })
    await expect(other).rejects.toThrow(/model_id request parameter must identify/)
  })

  test('versions that are made of one logged model at once are all named by its tag', async () => {
    const { loggedModels } = rig.tracking
    const logged = await loggedModels.create({ experimentId: '0', params: [], tags: [] })
    await rig.registry.ensureModel('noted')
    const source = `models:/${logged.modelId}`
    await Promise.all(Array.from({ length: 8 }, () => rig.registry.createVersion({ name: 'noted', source })))
    const noted = (await loggedModels.get(logged.modelId)).tags.find(({ key }) => key === 'mlflow.modelVersions')
    // As Python spaces it: MLflow's own tests compare the text.
    expect(noted?.value).toMatch(/^\[\{"name": "noted", "version": \d\}, \{"name"/)
    const versions = JSON.parse(noted?.value ?? '[]').map(({ version }: { version: number }) => version)
    expect(versions.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('a copy of a version has its files, wherever they are, and its run', async () => {
    for (const name of ['original', 'copied', 'copied-again']) await rig.registry.ensureModel(name)
    await rig.registry.createVersion({ name: 'original', source: rig.source, runId: rig.run.runId })
    await rig.registry.createVersion({ name: 'original', source: 's3://bucket/a', runId: 'theirs' })
    const first = await rig.registry.createVersion({ name: 'copied', source: 'models:/original/1' })
    expect(first).toMatchObject({ source: 'models:/original/1', location: rig.source, runId: rig.run.runId })
    const second = await rig.registry.createVersion({ name: 'copied', source: 'models:/original/2' })
    expect(second).toMatchObject({ location: 's3://bucket/a', runId: 'theirs' })
    const third = await rig.registry.createVersion({ name: 'copied-again', source: 'models:/copied/1' })
    expect(third).toMatchObject({ source: 'models:/copied/1', location: rig.source })
  })

  test('a version of a server from before, which wrote no location, is found by its source', async () => {
    await rig.model('from-before', 1)
    await rig.db.query("update registry.version set location = null where name = 'from-before'")
    const version = await rig.registry.getVersion('from-before', 1)
    expect(ownFilesOf(version)).toBe(rig.source)
    expect(await rig.registry.versionsAt([rig.source])).toContainEqual(expect.objectContaining({ name: 'from-before' }))
  })

  test('files are sealed as long as one version is made of them, however its source is written', async () => {
    const path = `0/${rig.run.runId}/artifacts/sealed/model.bin`
    await rig.tracking.artifacts.put(path, Buffer.from('bytes'))
    await rig.registry.ensureModel('sealed')
    const source = `runs:/${rig.run.runId}/sealed`
    await rig.registry.createVersion({ name: 'sealed', source })
    await rig.registry.createVersion({ name: 'sealed', source: 'models:/sealed/1' })
    await rig.registry.deleteVersion('sealed', 1, 'me')
    await expect(rig.tracking.artifacts.put(path, Buffer.from('other'))).rejects.toMatchObject({ code: 'forbidden' })
    await rig.registry.deleteVersion('sealed', 2, 'me')
    await rig.tracking.artifacts.put(path, Buffer.from('other'))
    await rig.registry.createVersion({ name: 'sealed', source })
    await expect(rig.tracking.artifacts.put(path, Buffer.from('more'))).rejects.toMatchObject({ code: 'forbidden' })
    await rig.registry.deleteModel('sealed', 'me')
    await rig.tracking.artifacts.put(path, Buffer.from('more'))
  })

  test('a version whose files are elsewhere is deleted as any other, alone or with its model', async () => {
    await rig.registry.ensureModel('far')
    for (const source of ['s3://bucket/far-1', 's3://bucket/far-2'])
      await rig.registry.createVersion({ name: 'far', source })
    await rig.registry.deleteVersion('far', 1, 'me')
    expect((await rig.registry.versionsOf('far')).map((v) => v.version)).toEqual([2])
    await rig.registry.deleteModel('far', 'me')
    await expect(rig.registry.getModel('far')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('an empty tag is a tag', async () => {
    await rig.model('empty-tag', 1)
    await rig.registry.setVersionTag('empty-tag', 1, 'checked', '')
    expect((await rig.registry.getVersion('empty-tag', 1)).tags).toEqual({ checked: '' })
  })

  test('a new version, a stage change and a deletion are updates of the model; a tag and an alias are none', async () => {
    await rig.model('updated', 1)
    const updatedAt = async () => (await rig.registry.getModel('updated')).lastUpdateMs
    rig.clock.advance(1000)
    await rig.registry.createVersion({ name: 'updated', source: rig.source })
    expect(await updatedAt()).toBe(rig.clock.nowMs())
    rig.clock.advance(1000)
    const before = await updatedAt()
    await rig.registry.setVersionTag('updated', 1, 'a', 'b')
    await rig.registry.setAlias({ name: 'updated', version: 1, alias: 'a', actor: 'me' })
    expect(await updatedAt()).toBe(before)
    await rig.registry.transition({ name: 'updated', version: 1, stage: 'Staging', archiveExisting: true, actor: 'me' })
    expect(await updatedAt()).toBe(rig.clock.nowMs())
    rig.clock.advance(1000)
    await rig.registry.deleteVersion('updated', 2, 'me')
    expect(await updatedAt()).toBe(rig.clock.nowMs())
  })
})

describe('stages', () => {
  test('a promotion archives the one before, and all of it is kept', async () => {
    await rig.model('stages', 3)
    const to = (version: number, stage: 'Production' | 'Archived', archiveExisting: boolean) =>
      rig.registry.transition({ name: 'stages', version, stage, archiveExisting, actor: 'ann', comment: 'why' })
    rig.clock.advance(1000)
    await to(1, 'Production', false)
    await to(2, 'Production', false)
    expect((await rig.registry.inStage('stages', 'Production'))?.version).toBe(2)
    await to(3, 'Production', true)
    const stages = await Promise.all([1, 2, 3].map(async (v) => (await rig.registry.getVersion('stages', v)).stage))
    expect(stages).toEqual(['Archived', 'Archived', 'Production'])
    expect(await rig.registry.history('stages')).toMatchObject([
      { version: 1, from: 'None', to: 'Production', actor: 'ann', comment: 'why' },
      { version: 2, from: 'None', to: 'Production' },
      { version: 1, from: 'Production', to: 'Archived' },
      { version: 2, from: 'Production', to: 'Archived' },
      { version: 3, from: 'None', to: 'Production' },
    ])
    await expect(to(1, 'Archived', true)).rejects.toMatchObject({ code: 'invalid_argument' })
  })

  test('the same stage again is no transition', async () => {
    await rig.model('again', 1)
    for (let i = 0; i < 2; i++) {
      await rig.registry.transition({
        name: 'again',
        version: 1,
        stage: 'Staging',
        archiveExisting: true,
        actor: 'a',
      })
    }
    expect(await rig.registry.history('again')).toHaveLength(1)
  })

  test('promotions at once leave one in Production', async () => {
    await rig.model('race', 8)
    const promote = (version: number) =>
      rig.registry.transition({ name: 'race', version, stage: 'Production', archiveExisting: true, actor: 'a' })
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(promote))
    const found = await rig.registry.findVersions({ filter: "name = 'race'", maxResults: 100 })
    const rows = await rig.registry.readVersions(found.rows)
    expect(rows.filter((v) => v.stage === 'Production')).toHaveLength(1)
    expect(rows.filter((v) => v.stage === 'Archived')).toHaveLength(7)
  })

  test('every change is told with the name of the model, after it can be read', async () => {
    await rig.model('told', 1)
    let tell: (stage: string) => void = () => {}
    const told = new Promise<string>((resolve) => {
      tell = resolve
    })
    const stop = await rig.db.listen(REGISTRY_CHANNEL, (name) => {
      if (name === 'told') void rig.registry.getVersion('told', 1).then((v) => tell(v.stage))
    })
    await rig.registry.transition({
      name: 'told',
      version: 1,
      stage: 'Production',
      archiveExisting: true,
      actor: 'a',
    })
    expect(await told).toBe('Production')
    await stop()
  })

  test('a change of any kind is told once it is there: model, version, stage, alias, tag, description, name, deletion', async () => {
    const { registry } = rig
    const of = { name: 'tells', version: 1, actor: 'a' }
    const changes: Record<string, () => Promise<unknown>> = {
      'new model': () => registry.createModel({ name: 'tells' }),
      'new version': () => registry.createVersion({ name: 'tells', source: rig.source }),
      stage: () => registry.transition({ ...of, stage: 'Staging', archiveExisting: false }),
      'new alias': () => registry.setAlias({ ...of, alias: 'best' }),
      'alias gone': () => registry.deleteAlias({ name: 'tells', alias: 'best', actor: 'a' }),
      'tag of the version': () => registry.setVersionTag('tells', 1, 'k', 'v'),
      'tag of the version gone': () => registry.deleteVersionTag('tells', 1, 'k'),
      'tag of the model': () => registry.setModelTag('tells', 'k', 'v'),
      'tag of the model gone': () => registry.deleteModelTag('tells', 'k'),
      'description of the version': () => registry.describeVersion('tells', 1, 'd'),
      'description of the model': () => registry.describeModel('tells', 'd'),
      'new name': () => registry.renameModel('tells', 'tells-more'),
      'version gone': () => registry.deleteVersion('tells-more', 1, 'a'),
      'model gone': () => registry.deleteModel('tells-more', 'a'),
    }
    const heard: string[] = []
    const stop = await rig.db.listen(REGISTRY_CHANNEL, (name) => void heard.push(name))
    const told: string[] = []
    for (const [what, change] of Object.entries(changes)) {
      heard.length = 0
      await change()
      // Notifications come in the order of the commits: this one ends the wait, whether or not there was another.
      await rig.db.query('select pg_notify($1, $2)', [REGISTRY_CHANNEL, '(end)'])
      await expect.poll(() => heard).toContain('(end)')
      // Under the name by which a server knows it from now on.
      const known = what === 'new name' ? 'tells-more' : 'tells'
      if (heard.some((name) => name.startsWith(known))) told.push(what)
    }
    await stop()
    expect(told).toEqual(Object.keys(changes))
  })
})

describe('aliases', () => {
  test('point to one version, move, and go with it', async () => {
    await rig.model('aliases', 2)
    const set = (version: number) =>
      rig.registry.setAlias({ name: 'aliases', version, alias: 'champion', actor: 'ann' })
    expect((await set(1)).aliases).toEqual(['champion'])
    expect((await set(2)).aliases).toEqual(['champion'])
    expect((await rig.registry.getVersion('aliases', 1)).aliases).toEqual([])
    expect((await rig.registry.byAlias('aliases', 'champion')).version).toBe(2)
    expect(await rig.registry.history('aliases')).toMatchObject([
      { version: 1, kind: 'alias', from: null, to: 'champion' },
      { version: 1, kind: 'alias', from: 'champion', to: null },
      { version: 2, kind: 'alias', from: null, to: 'champion' },
    ])
    await rig.registry.deleteVersion('aliases', 2, 'ann')
    await expect(rig.registry.byAlias('aliases', 'champion')).rejects.toThrow(
      'Registered model alias champion not found.',
    )
  })

  test.each(['latest', 'LATEST', 'v12', 'a b', '', 'x'.repeat(256)])('the alias %j is refused', async (alias) => {
    await rig.registry.ensureModel('no-alias')
    await expect(rig.registry.setAlias({ name: 'no-alias', version: 1, alias, actor: 'a' })).rejects.toMatchObject({
      code: 'invalid_argument',
    })
  })
})

describe('models', () => {
  test('the history of a deleted model stays as that of one that is gone; one made again begins without any', async () => {
    const { registry } = rig
    const promote = (actor: string) =>
      registry.transition({ name: 'phoenix', version: 1, stage: 'Production', archiveExisting: true, actor })
    await rig.model('phoenix', 2)
    await promote('ann')
    await registry.deleteModel('phoenix', 'ben')
    const ended = [
      { version: 1, from: 'None', to: 'Production', actor: 'ann' },
      { version: 1, from: 'Production', to: null, actor: 'ben', comment: 'model deleted' },
      { version: 2, from: 'None', to: null, actor: 'ben', comment: 'model deleted' },
    ]
    expect(await registry.historyOfDeleted('phoenix')).toMatchObject(ended)
    await rig.model('phoenix', 1)
    expect([await registry.history('phoenix'), await registry.wasInProduction('phoenix')]).toEqual([[], false])
    await promote('cay')
    expect(await registry.history('phoenix')).toMatchObject([{ version: 1, to: 'Production', actor: 'cay' }])
    expect(await registry.historyOfDeleted('phoenix')).toMatchObject(ended)
  })

  test('a prompt is one in whatever capitals its tag is written, as for MLflow', async () => {
    const tags = { 'mlflow.prompt.is_prompt': 'True' }
    await rig.registry.createModel({ name: 'prompt', tags })
    // Its versions have no files.
    await rig.registry.createVersion({ name: 'prompt', source: 'dummy-source', tags })
    await expect(rig.registry.createModel({ name: 'prompt', tags })).rejects.toThrow('Prompt (name=prompt) already')
  })

  test('a rename takes versions, aliases and history along; a name is taken once', async () => {
    await rig.model('old-name', 1)
    await rig.model('taken', 0)
    await rig.registry.setAlias({ name: 'old-name', version: 1, alias: 'a', actor: 'me' })
    await expect(rig.registry.renameModel('old-name', 'taken')).rejects.toMatchObject({ code: 'already_exists' })
    const renamed = await rig.registry.renameModel('old-name', 'new-name')
    expect(renamed).toMatchObject({ name: 'new-name', aliases: [{ alias: 'a', version: 1 }] })
    expect(renamed.latestVersions).toMatchObject([{ name: 'new-name', version: 1 }])
    expect(await rig.registry.history('new-name')).toHaveLength(1)
    await expect(rig.registry.getModel('old-name')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('are searched by name and tag, in order, by page', async () => {
    for (const name of ['s-1', 's-2', 's-3']) await rig.registry.createModel({ name, tags: { team: name.slice(2) } })
    const search = (filter: string, orderBy: string[] = [], maxResults = 10, pageToken?: string) =>
      rig.registry.findModels({ filter, orderBy, maxResults, pageToken })
    const names = async (page: ReturnType<typeof search>) => (await page).rows
    expect(await names(search("name like 's-%'", ['name desc']))).toEqual(['s-3', 's-2', 's-1'])
    expect(await names(search("tags.team = '2'"))).toEqual(['s-2'])
    const first = await search("name ilike 'S-%'", [], 2)
    expect(first.nextPageToken).toBeDefined()
    expect(await names(search("name ilike 'S-%'", [], 2, first.nextPageToken))).toEqual(['s-3'])
  })

  test.each(['', '  ', 'a/b', 'a:b', 'x'.repeat(251)])('the name %j is refused', async (name) => {
    await expect(rig.registry.createModel({ name })).rejects.toMatchObject({ code: 'invalid_argument' })
  })
})
