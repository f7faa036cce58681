import { type Command, Option } from 'commander';
import { type Config, ConfigError, type Flags, loadConfig, settings } from '../config.js';

type SettingName = keyof typeof settings;

/** Adds the flags of some settings to a command. `loadConfig` reads them together with the environment. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { env, fallback, meaning } = settings[name];
    const by = fallback === '' || isSwitch(name) ? env : `${env}, default ${fallback}`;
    command.addOption(optionOf(name, `${meaning} (${by})`));
  }
  return command;
}

/** The configuration from the environment and the command's flags. A bad value ends the process with status 2. */
export function configOf(command: Command): Config {
  const given = command.opts();
  const names = Object.keys(settings) as SettingName[];
  const flags: Flags = Object.fromEntries(names.map((name) => [name, given[optionOf(name).attributeName()]]));
  try {
    return loadConfig(process.env, flags);
  } catch (error) {
    if (error instanceof ConfigError) return command.error(`error: ${error.message}`, { exitCode: 2 });
    throw error;
  }
}

function optionOf(name: SettingName, description = ''): Option {
  const { flag } = settings[name];
  return new Option(isSwitch(name) ? flag : `${flag} <value>`, description);
}

function isSwitch(name: SettingName): boolean {
  return settings[name].fallback === 'false';
}
