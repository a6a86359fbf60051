// Jobs for the worker. Of jobs with one name only the newest is done, so that what is shown follows a slider.

import type { Content } from './networks/content.ts';
import { type Job, Jobs } from './worker.ts';

type Receive = (result: any) => void;

export class Background {
  private readonly waiting = new Map<string, [Job, Receive]>();
  private readonly send: (job: Job) => void;
  private current: Receive | null = null;

  constructor(content: Content, program: string) {
    this.send = startWorker(content, program, (result) => this.receive(result)) ?? this.withoutWorker(content);
  }

  ask(name: string, job: Job, receive: Receive): void {
    this.waiting.set(name, [job, receive]);
    this.next();
  }

  private next(): void {
    const [first] = this.waiting;
    if (this.current || !first) return;
    const [name, [job, receive]] = first;
    this.waiting.delete(name);
    this.current = receive;
    this.send(job);
  }

  private receive(result: unknown): void {
    const receive = this.current;
    this.current = null;
    receive?.(result);
    this.next();
  }

  /** Where a page from the file system may not start workers, jobs are done between frames. */
  private withoutWorker(content: Content): (job: Job) => void {
    const jobs = new Jobs(content);
    return (job) => setTimeout(() => this.receive(jobs.done(job)), 20);
  }
}

function startWorker(content: Content, program: string, receive: Receive): ((job: Job) => void) | null {
  try {
    const address = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
    const worker = new Worker(address);
    worker.onmessage = ({ data }) => receive(data);
    worker.postMessage(content);
    return (job) => worker.postMessage(job);
  } catch {
    return null;
  }
}
