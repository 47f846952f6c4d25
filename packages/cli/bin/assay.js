#!/usr/bin/env node
// Committed, so that `npm ci` can link the command before the first build.
import '../dist/main.js';
