import { part, queryString } from '../query-string.ts'

export const alerts = (query: { state?: 'open' | 'all'; rule?: string; page_token?: string }) =>
  `alerts${queryString(query)}`
export const alertRules = () => 'alerts/rules'
export const alertSilences = () => 'alerts/silences'
export const acknowledgeAlert = (id: number) => `alerts/${id}/acknowledge`
export const endSilence = (id: number) => `alerts/silences/${id}/end`
export const tryChannel = (name: string) => `alerts/channels/${part(name)}/try`
