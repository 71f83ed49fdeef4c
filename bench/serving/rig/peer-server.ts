/**
 * The peers of the rows, each in a process of its own: Fastify as it comes.
 *
 *   echo     answers the body
 *   select   answers the row that one prepared select by key finds (`DATABASE_URL`, `TABLE`)
 *
 * Says its address to the parent process and ends with it.
 */
import Fastify from 'fastify'
import pg from 'pg'

const app = Fastify()
const body = { type: 'object', required: ['user_id'], properties: { user_id: { type: 'string' } } }
type Route = { Body: { user_id: string } }

if (process.argv[2] === 'echo') {
  app.post<Route>('/predict', { schema: { body } }, async (request) => request.body)
} else {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
  const text = `select * from ${process.env.TABLE} where user_id = $1`
  app.post<Route>('/predict', { schema: { body } }, async (request) => {
    const { rows } = await pool.query({ name: 'by_key', text, values: [request.body.user_id] })
    return rows[0]
  })
}

process.on('disconnect', () => process.exit())
process.send?.(await app.listen({ host: '127.0.0.1', port: 0 }))
