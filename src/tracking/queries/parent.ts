/** What a run says of the run that it is a part of. */
export const PARENT_TAG = 'mlflow.parentRunId'

/** That the tag `t` names this run as the parent. The first condition is what the index `tag_by_parent` is of. */
export function namesParent(runId: string): string {
  return `t.key = '${PARENT_TAG}' and left(t.value, 32) = ${runId} and t.value = ${runId}`
}
