// Debian's Chromium, or the one that CHROMIUM names.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'];

const executablePath = PLACES.find((place) => place && existsSync(place));
if (!executablePath) throw new Error('no Chromium: install it, or name it in CHROMIUM');

export const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
