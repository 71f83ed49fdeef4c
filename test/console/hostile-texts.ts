/** Each would run, or break the page, where a text is taken for anything but a text. `ran` on the window says that it did. */
export const HOSTILE = {
  image: '<img src=x onerror="window.ran=1">',
  script: '"></title></script><script>window.ran=1</script>',
  svg: `'"><svg/onload=window.ran=1>`,
  link: 'javascript:window.ran=1',
  template: '{{constructor.constructor("window.ran=1")()}}',
  backwards: 'safe\u202egnp.exe\u2066 \u200b\u200d',
  long: `L${'ong'.repeat(80)}`,
  path: '../../..//etc/passwd?a=1#b%2f%00',
  prototype: '__proto__',
}
export const TEXTS = Object.values(HOSTILE)

/** Files that a browser would run, were it let. */
export const ARTIFACTS: Record<string, string> = {
  'page.html': '<!doctype html><h1>seen</h1><script>parent.ran=1;top.location="http://127.0.0.1:9/"</script>',
  'picture.svg': '<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran=1"><script>parent.ran=1</script></svg>',
  'notes.md':
    '# seen\n\n<img src=x onerror="window.ran=1">\n\n[go](javascript:window.ran=1) ![p](http://127.0.0.1:9/p.png)\n',
  'table.csv': `a,b\n"<img src=x onerror=window.ran=1>",=cmd()\n`,
  'values.json': '{"__proto__": {"ran": 1}, "<img src=x onerror=window.ran=1>": 12345678901234567890}',
  [`${'deep/'.repeat(12)}<img src=x onerror=window.ran=1>.txt`]: 'seen',
}

/** An experiment, runs and a model whose every name, tag, note and file is hostile, made as MLflow's client makes them. */
export async function seedHostile(origin: string): Promise<{ experiment: string; run: string; model: string }> {
  const ask = async (path: string, body: object, method = 'POST') => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(new URL(`/api/2.0/mlflow/${path}`, origin), {
      method,
      headers,
      body: JSON.stringify(body),
    })
    const said = await answer.text()
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${said}`)
    return JSON.parse(said) as Made
  }
  const { experiment_id: experiment } = await ask('experiments/create', {
    name: HOSTILE.image,
    tags: [...TEXTS.map((value, at) => ({ key: `tag ${at}`, value })), { key: 'mlflow.note.content', value: NOTE }],
  })
  let run = ''
  for (const name of TEXTS) {
    const made = await ask('runs/create', { experiment_id: experiment, run_name: name, start_time: 1_700_000_000_000 })
    run = made.run.info.run_id
    await ask('runs/log-batch', {
      run_id: run,
      params: TEXTS.map((value, at) => ({ key: `param ${at}`, value })),
      metrics: [0, 1, 2].map((step) => ({ key: 'loss', value: 1 / (step + 1), step, timestamp: 1_700_000_000_000 })),
      tags: [
        ...TEXTS.map((value, at) => ({ key: `tag ${at}`, value })),
        { key: 'mlflow.note.content', value: NOTE },
        { key: 'mlflow.user', value: HOSTILE.image },
        { key: 'mlflow.source.name', value: HOSTILE.script },
      ],
    })
    await ask('runs/update', { run_id: run, status: 'FINISHED', end_time: 1_700_000_001_000 })
  }
  for (const [path, text] of Object.entries(ARTIFACTS)) {
    const at = path.split('/').map(encodeURIComponent).join('/')
    const address = `/api/2.0/mlflow-artifacts/artifacts/${experiment}/${run}/artifacts/${at}`
    const put = await fetch(new URL(address, origin), { method: 'PUT', body: text })
    if (put.status !== 200) throw new Error(`${path}: ${put.status} ${await put.text()}`)
  }
  const model = HOSTILE.image.replaceAll('/', '')
  const tags = TEXTS.map((value, at) => ({ key: `tag ${at}`, value }))
  await ask('registered-models/create', { name: model, description: NOTE, tags })
  const source = `runs:/${run}/model`
  await ask('model-versions/create', { name: model, source, run_id: run, description: NOTE, tags })
  return { experiment, run, model }
}

const NOTE = TEXTS.join('\n\n')

type Made = { experiment_id: string; run: { info: { run_id: string } } }
