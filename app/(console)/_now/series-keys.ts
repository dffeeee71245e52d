/** Keys of the collector's short memory, as server/live names them. */
export const streamLengthKey = (stream: string) => `stream:${stream}:length`;
export const groupPendingKey = (stream: string, group: string) => `group:${stream}:${group}:pending`;
export const replicaMetricKey = (replica: string, metric: string) => `replica:${replica}:${metric}`;
