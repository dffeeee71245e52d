/** The address of one event's own page. */
export const eventHref = (event: { readonly id: string; readonly occurredAt: string }): string =>
  `/audit/events/${encodeURIComponent(event.id)}?${new URLSearchParams({ at: event.occurredAt })}`;
