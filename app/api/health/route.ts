import { healthOf } from "@/server/runtime/health";

export const dynamic = "force-dynamic";

/** 200 as long as the process answers: a console without its database still says what it knows, and must not be killed. */
export async function GET() {
  return Response.json(await healthOf(), { headers: { "cache-control": "no-store" } });
}
