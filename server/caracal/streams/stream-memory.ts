import { type ConsumerWatch, createConsumerWatch } from "@/server/caracal/streams/consumer-watch";
import { createSizeWatch, type SizeWatch } from "@/server/caracal/streams/size-watch";
import { createStreamWitness, type StreamWitness } from "@/server/caracal/streams/stream-witness";

/** What is remembered from look to look. */
export type StreamMemory = {
  readonly witness: StreamWitness;
  readonly consumers: ConsumerWatch;
  readonly sizes: SizeWatch;
};

/** A memory in which nothing was seen yet. */
export const createStreamMemory = (): StreamMemory => ({
  witness: createStreamWitness(),
  consumers: createConsumerWatch(),
  sizes: createSizeWatch(),
});
