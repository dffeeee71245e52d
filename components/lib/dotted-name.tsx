import { Fragment } from "react";

/** A name such as caracal.audit.events.dlq that may break after its dots and nowhere else. */
export function DottedName({ name }: { name: string }) {
  let offset = 0;
  return name.split(/(?<=\.)/).map((part) => {
    offset += part.length;
    return (
      <Fragment key={offset}>
        {part}
        <wbr />
      </Fragment>
    );
  });
}
