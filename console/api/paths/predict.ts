import { part, queryString } from '../query-string.ts'

export const predictable = () => 'predict'
export const predict = (model: string) => `models/${part(model)}/predict${queryString({ explain: true })}`
export const whatIf = (model: string) => `models/${part(model)}/what-if`
export const liveFeatures = (model: string, key: string) => `models/${part(model)}/features/${part(key)}`
