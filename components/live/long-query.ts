import superjson from "superjson";

const mostInAddress = 1_200; // characters, encoded; a batch of short ones has room beside it

/** Whether a question's input is too long to travel in an address, as a hundred ids are: it goes by POST, alone. */
export const isLongQuery = ({ type, input }: { readonly type: string; readonly input: unknown }): boolean =>
  type === "query" && encodeURIComponent(JSON.stringify(superjson.serialize(input))).length > mostInAddress;
