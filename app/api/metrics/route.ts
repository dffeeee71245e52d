import { metricsText } from "@/server/runtime/metrics";

export const dynamic = "force-dynamic";

export async function GET() {
  const { text, contentType } = await metricsText();
  return new Response(text, { headers: { "content-type": contentType, "cache-control": "no-store" } });
}
