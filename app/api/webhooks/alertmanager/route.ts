import { receiveAlertmanager } from "@/server/runtime/alertmanager-webhook";
import { getConsole } from "@/server/runtime/console";

export const dynamic = "force-dynamic";

export const POST = (request: Request) => receiveAlertmanager(request, getConsole());
