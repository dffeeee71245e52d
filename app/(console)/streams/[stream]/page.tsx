import type { Metadata } from "next";
import { StreamClient } from "./client";

type Props = { params: Promise<{ stream: string }> };

async function nameOf({ params }: Props): Promise<string> {
  return decodeURIComponent((await params).stream);
}

export async function generateMetadata(props: Props): Promise<Metadata> {
  return { title: await nameOf(props) };
}

export default async function StreamPage(props: Props) {
  return <StreamClient name={await nameOf(props)} />;
}
