/** A duration in seconds as people read it, without rounding minutes away: "2 h 05 min", "14 min 10 s", "9 s"; null: "not measured". */
export function durationWords(seconds: number | null): string {
  if (seconds === null) return "not measured";
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor((whole % 3_600) / 60), whole % 60];
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, "0")} min`;
  return minutes > 0 ? `${minutes} min ${String(rest).padStart(2, "0")} s` : `${rest} s`;
}
