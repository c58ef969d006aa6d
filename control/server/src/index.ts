export {
  createServiceManager,
  type ServiceManager,
  type ServiceManagerDeps,
  type ServiceManagerOptions,
  type Services,
} from './service-manager/service-manager.ts';
