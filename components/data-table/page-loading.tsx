import { Panel } from "@/components/lib/panel";

/** A page on its way: its name stands already, its table is still empty. */
export function PageLoading({ title }: { title: string }) {
  return (
    <div className="flex flex-col gap-4">
      <h1>{title}</h1>
      <Panel title="Loading" state={{ kind: "loading", rows: 8 }} />
    </div>
  );
}
