import { PageLoading } from "@/components/data-table/page-loading";

export default function Loading() {
  return <PageLoading title="Restart of a service" />;
}
