import { part } from '../query-string.ts'

export const session = () => 'sessions/current'
export const sessions = () => 'sessions'
export const tokens = () => 'tokens'
export const token = (id: string) => `tokens/${part(id)}`
export const doctor = () => 'doctor'
export const storage = () => 'storage'
export const collectStorage = () => 'storage/collect'
