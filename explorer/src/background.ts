// Jobs for the worker. Of jobs with one name only the newest is done, so that what is shown follows a slider.

import type { Content } from './networks/content.ts';
import { type Job, Jobs } from './worker.ts';

type Receive = (result: any) => void;

export class Background {
  private readonly waiting = new Map<string, [Job, Receive]>();
  private send: (job: Job) => void;
  private current: [Job, Receive] | null = null;

  constructor(content: Content, program: string) {
    const worker = startWorker(content, program);
    this.send = worker ? (job) => worker.postMessage(job) : this.withoutWorker(content);
    if (!worker) return;
    worker.onmessage = ({ data }) => this.receive(data);
    // A browser that does not start it says so later; the job that waits is then done here.
    worker.onerror = () => {
      worker.terminate();
      this.send = this.withoutWorker(content);
      if (this.current) this.send(this.current[0]);
    };
  }

  ask(name: string, job: Job, receive: Receive): void {
    this.waiting.set(name, [job, receive]);
    this.next();
  }

  private next(): void {
    const [first] = this.waiting;
    if (this.current || !first) return;
    const [name, asked] = first;
    this.waiting.delete(name);
    this.current = asked;
    this.send(asked[0]);
  }

  private receive(result: unknown): void {
    const asked = this.current;
    this.current = null;
    asked?.[1](result);
    this.next();
  }

  /** Where a page from the file system may not start workers, jobs are done between frames. */
  private withoutWorker(content: Content): (job: Job) => void {
    const jobs = new Jobs(content);
    return (job) => setTimeout(() => this.receive(jobs.done(job)), 20);
  }
}

function startWorker(content: Content, program: string): Worker | null {
  try {
    const address = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
    const worker = new Worker(address);
    worker.postMessage(content);
    return worker;
  } catch {
    return null;
  }
}
