// A trainer that needs Node alone. What it does is told by its argument: the ONNX file that it logs, or how it fails.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const [what, file = ''] = process.argv.slice(2)
const { MLFLOW_TRACKING_URI: uri, MLFLOW_TRACKING_TOKEN: token, MLFLOW_RUN_ID: run } = process.env

async function ask(method, path, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${uri}/api/2.0/${path}`, { method, headers, body })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

const manifest = JSON.parse(readFileSync(process.env.WEIR_MANIFEST, 'utf8'))
console.log(`learning ${manifest.model} from ${manifest.file.rows} rows`)

if (what === 'tell') {
  const { copyFileSync } = await import('node:fs')
  copyFileSync(process.env.WEIR_TRAINING_SET, `${file}/rows.parquet`)
  copyFileSync(process.env.WEIR_MANIFEST, `${file}/manifest.json`)
  writeFileSync(`${file}/env.json`, JSON.stringify(process.env))
}
if (what === 'crash') {
  console.error('out of luck')
  process.exit(7)
}
if (what === 'signal') process.kill(process.pid, 'SIGKILL')
if (what === 'hang') {
  // Its own child does not listen to SIGTERM.
  const script =
    "process.on('SIGTERM', () => {}); process.stdout.write('child is there\\n'); setInterval(() => {}, 1000)"
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'inherit', 'inherit'] })
  writeFileSync(file, JSON.stringify({ pids: [process.pid, child.pid], folder: process.env.WEIR_WORK }))
  setInterval(() => {}, 1000)
} else if (what === 'flood') {
  const much = 'x'.repeat(1_000_000)
  const more = () => process.stdout.write(`${much}\n`, more)
  more()
} else if (what !== 'nothing') {
  const { run: found } = await ask('GET', `mlflow/runs/get?run_id=${run}`)
  const root = found.info.artifact_uri.replace('mlflow-artifacts:', '')
  if (what !== 'empty') {
    const bytes = readFileSync(what === 'tell' ? `${file}/model.onnx` : file)
    await ask('PUT', `mlflow-artifacts/artifacts${root}/own/model.onnx`, bytes)
  }
  const flavors = { onnx: { data: 'model.onnx' } }
  const model = {
    run_id: run,
    artifact_path: 'own',
    flavors,
    utc_time_created: '2024-01-01 00:00:00',
    model_uuid: 'a'.repeat(32),
  }
  await ask('POST', 'mlflow/runs/log-model', JSON.stringify({ run_id: run, model_json: JSON.stringify(model) }))
  await ask('POST', 'mlflow/runs/log-parameter', JSON.stringify({ run_id: run, key: 'threshold', value: 'mine' }))
  await ask(
    'POST',
    'mlflow/runs/log-metric',
    JSON.stringify({ run_id: run, key: 'loss', value: 0.5, timestamp: 1, step: 3 }),
  )
  console.log('done')
}
