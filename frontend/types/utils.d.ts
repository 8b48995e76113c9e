export interface SharedProps {
  visible: boolean | "hidden";
  elem_id: string;
  elem_classes: string[];
  container: boolean;
  scale: number | null;
  min_width: number;
  autoscroll: boolean;
  label?: string;
  show_label: boolean;
  loading_status?: Record<string, unknown>;
}

export class Gradio<Events extends object, Props extends object> {
  constructor(props: { shared_props: SharedProps; props: Props });
  shared: SharedProps;
  props: Props;
  i18n: (key: string) => string;
  dispatch<Name extends keyof Events>(event: Name, data?: Events[Name]): void;
  watch_for_change(): void;
  get_data(): Promise<Props>;
  set_data(data: Partial<Props & SharedProps>): void;
}
