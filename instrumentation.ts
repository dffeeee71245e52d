/** Next calls this once per server and runtime; the console lives in the Node one only. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { startConsole } = await import("@/server/runtime/start");
  startConsole();
}
